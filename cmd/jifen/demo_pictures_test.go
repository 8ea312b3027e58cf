package main

import (
	"io/fs"
	"regexp"
	"testing"

	"jifen/rulebooks"
	"jifen/web"
)

// TestPicturesOfTheDemoAreThere: what its items and campaigns show is served with the pages.
func TestPicturesOfTheDemoAreThere(t *testing.T) {
	book, err := rulebooks.FS.ReadFile("demo.yaml")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`/(pictures/[a-z0-9-]+\.[a-z]+)`).FindAllSubmatch(append(demoItems, book...), -1)
	if len(names) == 0 {
		t.Fatal("no pictures")
	}
	for _, n := range names {
		if _, err := fs.Stat(web.FS(), string(n[1])); err != nil {
			t.Error(err)
		}
	}
}
