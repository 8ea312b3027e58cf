package testkit

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"jifen/internal/devstack"
)

// NodeModules is a folder with the packages of dir's package-lock.json, for NODE_PATH. They are downloaded into the cache
// once, checked by npm against the lock's digests; nothing of them is run meanwhile.
func NodeModules(t testing.TB, dir string) string {
	t.Helper()
	Require(t, "node", "npm")
	ctx, cancel := startContext()
	defer cancel()
	modules, err := fetchModules(ctx, dir)
	if err != nil {
		Missing(t, "%v", err)
	}
	return modules
}

func fetchModules(ctx context.Context, dir string) (modules string, err error) {
	lock, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return "", fmt.Errorf("packages: %w", err)
	}
	// Packages find each other in a folder of this name only.
	packages, err := devstack.Cached("node", lock, func(work string) (string, error) {
		for _, name := range []string{"package.json", "package-lock.json"} {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err == nil {
				err = os.WriteFile(filepath.Join(work, name), text, 0o644)
			}
			if err != nil {
				return "", fmt.Errorf("packages: %w", err)
			}
		}
		cmd := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent")
		cmd.Dir = work
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("npm ci for %s: %w\n%s", dir, err, out)
		}
		return ".", nil
	})
	return filepath.Join(packages, "node_modules"), err
}
