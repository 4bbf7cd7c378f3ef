//go:build !race

package main

// The shop that the tests start is built as they are.
const raceFlag = "-race=false"
