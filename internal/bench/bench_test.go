package bench

import "testing"

// key is the secret of every gateway.
const key = "0123456789abcdef0123456789abcdef"

// sink keeps the compiler from removing what is measured.
var sink byte

// beside runs floor and sdk as sub-benchmarks of name.
func beside(b *testing.B, name string, floor, sdk func() error) {
	b.Helper()
	b.Run(name, func(b *testing.B) {
		b.Run("floor", func(b *testing.B) { repeat(b, floor) })
		b.Run("sdk", func(b *testing.B) { repeat(b, sdk) })
	})
}

func repeat(b *testing.B, call func() error) {
	b.Helper()
	b.ReportAllocs()
	for range b.N {
		if err := call(); err != nil {
			b.Fatal(err)
		}
	}
}

func must[T any](tb testing.TB, value T, err error) T {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
	return value
}
