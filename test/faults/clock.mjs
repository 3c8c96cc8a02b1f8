// Loaded into the program by `node --import`: its clock is CLONEDEPLOY_CLOCK seconds ahead of the real one, or behind.
const offset = Number(process.env.CLONEDEPLOY_CLOCK) * 1000
const RealDate = Date

globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + offset)
    else super(...args)
  }
  static now() {
    return RealDate.now() + offset
  }
}
