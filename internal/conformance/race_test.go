//go:build race

package conformance

// raced: the race detector makes everything several times slower.
const raced = true
