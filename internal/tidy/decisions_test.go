package tidy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEveryDecisionIsListed: a page that the index lacks is not found by who looks for it.
func TestEveryDecisionIsListed(t *testing.T) {
	pages, err := filepath.Glob("../../docs/decisions/[0-9]*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("%d pages: %v", len(pages), err)
	}
	index, err := os.ReadFile("../../docs/decisions/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		if n := strings.Count(string(index), "]("+filepath.Base(p)+")"); n != 1 {
			t.Errorf("%s stands %d times in the index", filepath.Base(p), n)
		}
	}
}
