// Package readme holds the code that README.md and README.zh-CN.md show, as
// tests: it is compiled and run here, and internal/house checks that the two
// files show it word for word.
package readme
