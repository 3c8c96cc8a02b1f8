export interface FileEntry {
  readonly kind: 'file'
  readonly path: string
  readonly mode: '644' | '755'
  readonly size: number
  readonly sha256: string
}

export interface LinkEntry {
  readonly kind: 'link'
  readonly path: string
  readonly target: string
}

export interface FolderEntry {
  readonly kind: 'folder'
  readonly path: string
}

export type Entry = FileEntry | LinkEntry | FolderEntry
