// Package trust proves what happens to a merchant's money when the network or
// the gateway misbehaves. It holds only tests, each of which asks all five
// provider packages the same:
//
//   - faults_test.go: every call against every fault of a network and a server.
//     Is the kind of error right, was nothing sent twice, did it end in time, was
//     nothing left open?
//   - leaks_test.go: do errors, logs and printed values show a secret, a
//     signature, a payer?
//   - concurrent_test.go: everything at once with one client.
//   - growth_test.go: many calls, and nothing grows.
//   - config_test.go: settings that would lose money are refused at the start.
package trust
