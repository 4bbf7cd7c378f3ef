// Package bench measures what the SDK costs beside a floor: the same work written by
// hand with the standard library. It holds only benchmarks. Each group runs floor and
// sdk next to each other.
//
// The program in table runs them and writes the table of docs/performance.md:
//
//	go run ./internal/bench/table -write
package bench
