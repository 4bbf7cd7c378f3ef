// Package conformance runs every gateway through the same tests: what happens to a
// merchant's money when the network or the gateway misbehaves. It holds only tests:
//
//   - suite_test.go: what the suite must know of a gateway. One file for each gateway,
//     such as ispay_test.go, holds its descriptor.
//   - faults_test.go, matrix_test.go: every call against every fault of a network and a
//     server, over HTTP/1 and HTTP/2. Is the kind of error right, was nothing sent
//     twice, did it end in time, was nothing left open?
//   - leaks_test.go, errors_test.go: do errors, logs, JSON and printed values show a
//     secret, a signature or payer data?
//   - concurrent_test.go: everything at once with one client.
//   - growth_test.go: many calls, and nothing grows.
//   - config_test.go: settings that would lose money are rejected at the start.
package conformance
