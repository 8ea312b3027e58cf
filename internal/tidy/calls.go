package tidy

import (
	"go/ast"
	"slices"
	"strings"
)

// pure packages get the time as an argument.
var pure = []string{"topics", "rules", "ledger"}

// clock are the functions of package time that read or wait for the clock.
var clock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

// environment are the packages that may read it: configuration is read in one place.
var environment = []string{"internal/config", "cmd", "internal/devstack", "internal/testkit"}

// skippers are the packages that skip a test when a part is missing on a laptop: one for all tests, and one that stands
// below it.
var skippers = []string{"internal/testkit", "internal/devstack/engine/enginetest"}

// checkCalls finds calls that the file's package must not make.
func checkCalls(s *source) []Finding {
	if s.generated {
		return nil
	}
	var all []Finding
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if why := refusesSelector(s, n); why != "" {
				all = append(all, s.finding(n.Pos(), "%s", why))
			}
		case *ast.CallExpr:
			if why := refusesCall(s, n); why != "" {
				all = append(all, s.finding(n.Pos(), "%s", why))
			}
		}
		return true
	})
	return all
}

// refusesSelector judges the use of a package's function, called or passed on.
func refusesSelector(s *source, n *ast.SelectorExpr) string {
	x, ok := n.X.(*ast.Ident)
	if !ok || s.test {
		return ""
	}
	switch packageOf(s, x.Name) {
	case "time":
		if slices.Contains(clock, n.Sel.Name) && belowAny(s.dir, pure) {
			return "time." + n.Sel.Name + " in a pure package: the time is an argument"
		}
	case "os":
		if slices.Contains([]string{"Getenv", "LookupEnv", "Environ", "ExpandEnv"}, n.Sel.Name) &&
			!belowAny(s.dir, environment) && !failpoints(s) {
			return "os." + n.Sel.Name + ": only " + strings.Join(environment, ", ") + " read the environment"
		}
	}
	return ""
}

// failpoints says whether a file is in test builds only, where the environment names the point to die at.
func failpoints(s *source) bool {
	for _, c := range s.syntax.Comments {
		if c.Pos() < s.syntax.Package && c.List[0].Text == "//go:build failpoints" {
			return true
		}
	}
	return false
}

// refusesCall judges calls by their name alone.
func refusesCall(s *source, n *ast.CallExpr) string {
	switch f := n.Fun.(type) {
	case *ast.Ident:
		if f.Name == "panic" && !s.test && s.syntax.Name.Name != "main" {
			return "panic outside main: return an error"
		}
	case *ast.SelectorExpr:
		skips := slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, f.Sel.Name)
		if skips && importsTesting(s) && !belowAny(s.dir, skippers) {
			return f.Sel.Name + ": only internal/testkit skips tests, when a part is missing on a laptop"
		}
	}
	return ""
}

// packageOf is the import path that a name stands for in a file, empty if it is no package of it.
func packageOf(s *source, name string) string {
	for i, spec := range s.syntax.Imports {
		imported := importsOf(s)[i].path
		local := imported[strings.LastIndex(imported, "/")+1:]
		if spec.Name != nil {
			local = spec.Name.Name
		}
		if local == name {
			return imported
		}
	}
	return ""
}

func importsTesting(s *source) bool {
	return slices.ContainsFunc(importsOf(s), func(i imported) bool { return i.path == "testing" })
}
