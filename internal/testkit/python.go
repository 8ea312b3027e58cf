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

// Python is the interpreter of an environment (venv) with the packages of a list for pip, which has their digests. They are
// installed into the cache once for each list and version of Python.
func Python(t testing.TB, requirements string) string {
	t.Helper()
	Require(t, "python3")
	ctx, cancel := startContext()
	defer cancel()
	folder, err := fetchPython(ctx, requirements)
	if err != nil {
		Missing(t, "%v", err)
	}
	return filepath.Join(folder, "bin", "python")
}

func fetchPython(ctx context.Context, requirements string) (folder string, err error) {
	list, err := os.ReadFile(requirements)
	if err != nil {
		return "", fmt.Errorf("packages: %w", err)
	}
	version, err := exec.CommandContext(ctx, "python3", "-VV").Output()
	if err != nil {
		return "", fmt.Errorf("python3: %w", err)
	}
	return devstack.Cached("python", append(list, version...), func(work string) (string, error) {
		venv := filepath.Join(work, "venv")
		for _, args := range [][]string{
			{"python3", "-m", "venv", venv},
			{filepath.Join(venv, "bin", "python"), "-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary", ":all:", "-r", requirements},
		} {
			if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
				return "", fmt.Errorf("packages of %s (Debian: apt-get install python3-venv): %w\n%s", requirements, err, out)
			}
		}
		return "venv", nil
	})
}
