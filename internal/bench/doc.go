// Package bench measures what the SDK costs beside what nobody can avoid. It
// holds only benchmarks, each group with its floor in the same run:
//
//	go test -run '^$' -bench . -benchmem -count 6 ./internal/bench
//
// docs/performance.md says what the figures mean.
package bench
