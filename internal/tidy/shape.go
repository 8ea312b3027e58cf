package tidy

import (
	"go/ast"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

const (
	functionLines = 70 // the house aims at 50
	fileLines     = 300
)

// nothings are package names that say nothing about what is in the package.
var nothings = []string{"util", "utils", "common", "helper", "helpers", "manager", "base", "misc"}

// checkSizes measures functions and files, tests and generated code aside.
func checkSizes(s *source) []Finding {
	if s.test || s.generated {
		return nil
	}
	var all []Finding
	if s.lines > fileLines {
		all = append(all, s.finding(s.syntax.End(), "a file of %d lines, at most %d", s.lines, fileLines))
	}
	for _, d := range s.syntax.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if n := s.line(f.End()) - s.line(f.Pos()) + 1; n > functionLines {
			all = append(all, s.finding(f.Pos(), "%s has %d lines, at most %d", f.Name.Name, n, functionLines))
		}
	}
	return all
}

// checkNames refuses empty package names and init functions.
func checkNames(s *source) []Finding {
	if s.generated {
		return nil
	}
	var all []Finding
	for _, name := range []string{s.syntax.Name.Name, path.Base(s.dir)} {
		if slices.Contains(nothings, name) {
			all = append(all, s.finding(s.syntax.Name.Pos(), "%q says nothing about what the package is", name))
			break
		}
	}
	for _, d := range s.syntax.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			all = append(all, s.finding(f.Pos(), "init: nothing happens unless it is called"))
		}
	}
	return all
}

// contract are the lines that a stage's package comment must have.
var contract = map[string]*regexp.Regexp{
	"in":     regexp.MustCompile(`(?m)^\s*in:\s+\S`),
	"out":    regexp.MustCompile(`(?m)^\s*out:\s+\S`),
	"state":  regexp.MustCompile(`(?m)^\s*state:\s+\S`),
	"repeat": regexp.MustCompile(`(?m)^\s*repeat:\s+\S`),
}

// checkStages looks for the contract in the package comment of each folder right below processors.
func checkStages(sources []*source) []Finding {
	comments := make(map[string]string)
	first := make(map[string]*source)
	for _, s := range sources {
		if s.test || path.Dir(s.dir) != "processors" {
			continue
		}
		if first[s.dir] == nil || s.syntax.Doc != nil {
			first[s.dir] = s
		}
		comments[s.dir] += s.syntax.Doc.Text()
	}
	var all []Finding
	for _, dir := range slices.Sorted(maps.Keys(comments)) {
		var missing []string
		for _, line := range slices.Sorted(maps.Keys(contract)) {
			if !contract[line].MatchString(comments[dir]) {
				missing = append(missing, line+":")
			}
		}
		if len(missing) > 0 {
			s := first[dir]
			all = append(all, s.finding(s.syntax.Name.Pos(), "the package comment of a stage is its contract and lacks %s", strings.Join(missing, " ")))
		}
	}
	return all
}
