// Package tidy checks the house rules that a compiler does not: who may import whom, which package is the home of an
// outside library, calls that a layer must not make, sizes, names, the contracts of the stages, and what must not be in
// committed text. It parses the sources itself, so that the test cache sees every file that it depends on.
package tidy

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// module is the import path of the tree's root.
const module = "jifen"

// Finding is a broken rule at a place.
type Finding struct {
	File string
	Line int
	Text string
}

// String has the form that editors jump to.
func (f Finding) String() string { return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Text) }

// source is one parsed Go file.
type source struct {
	file      string // its path below the root
	dir       string // its package's folder below the root, "." for the root
	test      bool
	generated bool
	set       *token.FileSet
	syntax    *ast.File
	lines     int
}

func (s *source) line(p token.Pos) int { return s.set.Position(p).Line }

func (s *source) finding(p token.Pos, format string, args ...any) Finding {
	return Finding{s.file, s.line(p), fmt.Sprintf(format, args...)}
}

// Check returns what is wrong in the tree, in the order of files and lines. An error means that a file cannot be read or
// parsed.
func Check(tree fs.FS) ([]Finding, error) {
	var all []Finding
	var sources []*source
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if ignored(name) {
				return fs.SkipDir
			}
			return nil
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		all = append(all, checkText(name, text)...)
		if path.Ext(name) != ".go" || slices.Contains(strings.Split(name, "/"), "testdata") {
			return nil
		}
		s, err := parse(name, text)
		if err != nil {
			return err
		}
		sources = append(sources, s)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the tree: %w", err)
	}
	for _, s := range sources {
		for _, check := range []func(*source) []Finding{checkLayer, checkHomes, checkCalls, checkSizes, checkNames} {
			all = append(all, check(s)...)
		}
	}
	all = append(all, checkStages(sources)...)
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return all, nil
}

// ignored are the folders that are not committed or not ours.
func ignored(dir string) bool {
	switch path.Base(dir) {
	case ".git", ".cache", "node_modules":
		return true
	}
	return dir == "bin"
}

func parse(name string, text []byte) (*source, error) {
	set := token.NewFileSet()
	syntax, err := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	return &source{
		file: name, dir: path.Dir(name), test: strings.HasSuffix(name, "_test.go"), generated: ast.IsGenerated(syntax),
		set: set, syntax: syntax, lines: set.File(syntax.Pos()).LineCount(),
	}, nil
}

// below says whether a folder or import path is the given one or lies in it.
func below(name, folder string) bool {
	return name == folder || strings.HasPrefix(name, folder+"/")
}

func belowAny(name string, folders []string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return below(name, f) })
}
