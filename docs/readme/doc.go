// Package readme contains the code that README.md and README.zh-CN.md show, as
// tests. internal/repotest checks that both files show it word for word.
package readme
