import { describe, expect, it } from 'vitest'
import { answerReader } from '../../../src/connection/shell/answer.js'

const MARKS = { begin: '@:5f:begin', end: '@:5f:end' }

function read(chunks: readonly Buffer[]) {
  const told = { noise: '', body: '', begun: 0, ended: 0, garbage: 0 }
  const reader = answerReader(MARKS, {
    onNoise: chunk => {
      told.noise += chunk.toString()
    },
    onBegin: () => {
      told.begun += 1
    },
    onBytes: chunk => {
      told.body += chunk.toString()
    },
    onEnd: () => {
      told.ended += 1
    },
    onGarbage: () => {
      told.garbage += 1
    },
  })
  for (const chunk of chunks) reader.push(chunk)
  reader.flush()
  return { ...told, code: reader.code() }
}

const STREAM = 'Welcome @:5f:beg!\n@:5f:begin\none\n@two @:5f:en\n@:5f:end 17\nlate'

describe('the part of a stream between two marks', () => {
  it('is the same wherever the stream is cut in two', () => {
    const bytes = Buffer.from(STREAM)
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const told = read([bytes.subarray(0, cut), bytes.subarray(cut)])
      expect(told, `cut at ${cut}`).toEqual({
        noise: 'Welcome @:5f:beg!\n',
        body: 'one\n@two @:5f:en\n',
        begun: 1,
        ended: 1,
        garbage: 0,
        code: 17,
      })
    }
  })

  it('is the same when every byte comes alone', () => {
    const told = read([...Buffer.from(STREAM)].map(byte => Buffer.from([byte])))
    expect(told).toMatchObject({ noise: 'Welcome @:5f:beg!\n', body: 'one\n@two @:5f:en\n', code: 17 })
  })

  it('is handed over at once, but for what may be the beginning of the end mark', () => {
    const bodies: string[] = []
    const quiet = () => {}
    const reader = answerReader(MARKS, {
      onNoise: quiet,
      onBegin: quiet,
      onBytes: chunk => bodies.push(`${chunk}`),
      onEnd: quiet,
      onGarbage: quiet,
    })
    reader.push(Buffer.from('@:5f:begin\narmed\n'))
    reader.push(Buffer.from('a@b@:5f'))
    expect(bodies).toEqual(['armed\n', 'a@b'])
    reader.flush()
    expect(bodies).toEqual(['armed\n', 'a@b', '@:5f'])
  })

  it('has no exit code when the stream ends before the end mark, or in it', () => {
    expect(read([Buffer.from('@:5f:begin\nabc')])).toMatchObject({ body: 'abc', code: null, ended: 0 })
    expect(read([Buffer.from('@:5f:begin\nabc@:5f:end 1')])).toMatchObject({ body: 'abc', code: null, ended: 0 })
    expect(read([Buffer.from('no mark at all')])).toMatchObject({ noise: 'no mark at all', begun: 0, code: null })
  })

  it.each(['0', '7', '255', '007'])('has the exit code %j', digits => {
    expect(read([Buffer.from(`@:5f:begin\n@:5f:end ${digits}\n`)])).toMatchObject({ code: Number(digits), ended: 1 })
  })

  it.each([
    '',
    ' ',
    '-1',
    '+0',
    '1.0',
    '0x1',
    '1e1',
    '256',
    '999',
    '0000',
    '0\r',
    '٣',
    'garbage without an end',
  ])('has no exit code where %j stands behind the end mark', text => {
    const whole = [Buffer.from(`@:5f:begin\nabc@:5f:end ${text}\n@:5f:end 0\n`)]
    expect(read(whole)).toMatchObject({ body: 'abc', code: null, ended: 0, garbage: 1 })
  })

  it('waits for no end of what cannot be an exit code', () => {
    expect(read([Buffer.from('@:5f:begin\n@:5f:end 1234')])).toMatchObject({ code: null, garbage: 1 })
  })
})
