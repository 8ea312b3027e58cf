package engine

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// The engine's package: pinned by version and by the digest of its archive.
const (
	npmPackage = "@chdb/lib-linux-x64-gnu"
	npmVersion = "26.7.3-stable.1"
	integrity  = "sha512-XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw=="
)

// Fetch returns the path of the engine's library in cacheDir. The first call downloads 178 MB with npm, checks the
// archive's digest and unpacks 566 MB; later ones find it there. Processes that share a cacheDir wait for each other.
func Fetch(ctx context.Context, cacheDir string) (libPath string, err error) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return "", fmt.Errorf("the ClickHouse engine is fetched for linux/amd64 only, this is %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	libPath = filepath.Join(cacheDir, "libchdb-"+npmVersion+".so")
	if _, err := os.Stat(libPath); err == nil {
		return libPath, nil
	}
	if err := os.MkdirAll(cacheDir, 0o755); err != nil {
		return "", fmt.Errorf("fetch ClickHouse engine: %w", err)
	}
	unlock, err := lock(filepath.Join(cacheDir, "engine.lock"))
	if err != nil {
		return "", fmt.Errorf("fetch ClickHouse engine: %w", err)
	}
	defer unlock()
	if _, err := os.Stat(libPath); err == nil {
		return libPath, nil // another process was faster
	}
	if err := download(ctx, cacheDir, libPath); err != nil {
		return "", fmt.Errorf("fetch ClickHouse engine: %w", err)
	}
	return libPath, nil
}

func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil // closing gives the lock back
}

func download(ctx context.Context, cacheDir, libPath string) error {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return fmt.Errorf("npm is needed to download %s: %w", npmPackage, err)
	}
	tmp, err := os.MkdirTemp(cacheDir, "engine-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	cmd := exec.CommandContext(ctx, npm, "pack", npmPackage+"@"+npmVersion, "--pack-destination", tmp, "--ignore-scripts", "--silent")
	cmd.Dir = tmp
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm pack %s: %w: %s", npmPackage, err, strings.TrimSpace(string(out)))
	}
	archives, err := filepath.Glob(filepath.Join(tmp, "*.tgz"))
	if err != nil || len(archives) != 1 {
		return fmt.Errorf("npm pack left %d archives, not one", len(archives))
	}
	part := filepath.Join(tmp, "libchdb.so")
	if err := unpack(archives[0], part, integrity); err != nil {
		return err
	}
	return os.Rename(part, libPath)
}

// unpack checks the archive's digest and only then writes its libchdb.so to target.
func unpack(archive, target, want string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	sum := sha512.New()
	if _, err := io.Copy(sum, f); err != nil {
		return err
	}
	if got := "sha512-" + base64.StdEncoding.EncodeToString(sum.Sum(nil)); got != want {
		return fmt.Errorf("%s has the digest %s, not %s", filepath.Base(archive), got, want)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	zr, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	return extract(tar.NewReader(zr), target)
}

func extract(archive *tar.Reader, target string) error {
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("libchdb.so: %w", fs.ErrNotExist)
		}
		if err != nil {
			return err
		}
		if filepath.Base(header.Name) != "libchdb.so" || header.Typeflag != tar.TypeReg {
			continue
		}
		out, err := os.OpenFile(target, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
		if err != nil {
			return err
		}
		_, err = io.Copy(out, archive)
		return errors.Join(err, out.Sync(), out.Close())
	}
}
