//go:build race

package trust

// raced: the race detector makes everything several times slower.
const raced = true
