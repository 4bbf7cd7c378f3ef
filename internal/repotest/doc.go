// Package repotest tests what no linter can check: that the documentation matches
// the code, and that every gateway is known everywhere. It
// contains only tests.
package repotest
