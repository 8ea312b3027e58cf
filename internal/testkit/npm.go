package testkit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"jifen/internal/devstack"
)

// NodeModules is a folder with the packages of dir's package-lock.json, for NODE_PATH. They are downloaded into the cache
// once; nothing of them is run meanwhile.
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

// fetchModules has npm check every package against the lock's digests. The folder is named after the lock and appears
// whole or not at all, so concurrent and interrupted downloads do no harm.
func fetchModules(ctx context.Context, dir string) (modules string, err error) {
	lock, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return "", fmt.Errorf("packages: %w", err)
	}
	cache, err := devstack.CacheDir()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(lock)
	modules = filepath.Join(cache, "npm-"+hex.EncodeToString(sum[:6]))
	if _, err := os.Stat(modules); err == nil {
		return modules, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("packages: %w", err)
	}
	work, err := os.MkdirTemp(cache, "fetch-npm-")
	if err != nil {
		return "", fmt.Errorf("packages: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
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
	if err := os.Rename(filepath.Join(work, "node_modules"), modules); err != nil {
		if _, there := os.Stat(modules); there != nil {
			return "", fmt.Errorf("put the packages into the cache: %w", err)
		} // else another process was faster
	}
	return modules, nil
}
