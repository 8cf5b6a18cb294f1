/**
 * The body of a route that takes a file. Text, bytes and a `Blob` (in Node also that of `openAsBlob`, in a browser a
 * `File`) are sent as they are; a stream is sent while it is read.
 */
export type Upload = string | Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
