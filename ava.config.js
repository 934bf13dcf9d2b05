/**
 * How ava runs the compiled tests. Processes instead of worker threads: the ZeroMQ add-on does not survive a worker
 * thread that is torn down while a receive is pending, and the report would be lost with it.
 */
export default {
  files: ['dist/test/**/*.test.js'],
  workerThreads: false,
  timeout: '2m',
  nodeArguments: ['--enable-source-maps'],
}
