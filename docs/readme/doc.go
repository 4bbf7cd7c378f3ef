// Package readme contains the code that the READMEs and docs/faq.md show, as tests.
// internal/repotest checks that the pages show it word for word, but for comments.
package readme
