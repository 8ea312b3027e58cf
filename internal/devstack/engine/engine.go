// Package engine is the ClickHouse of a development machine: the real engine as a shared library, behind ClickHouse's
// HTTP interface on loopback. It runs in a process of its own, because the library brings an allocator, threads and a
// heap of half a gigabyte with it. Production uses a ClickHouse server; nothing here is linked into that path.
package engine

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// Main is the whole engine process: -addr, -data and -lib say where it listens, keeps its tables and finds the library.
// It prints one line `listening HOST:PORT` and ends on SIGINT or SIGTERM.
func Main(args []string) error {
	flags := flag.NewFlagSet("engine", flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:0", "host and port to listen on")
	data := flags.String("data", "", "folder of the tables")
	lib := flags.String("lib", "", "path of libchdb.so")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	if *data == "" || *lib == "" {
		return errors.New("engine: -data and -lib are needed")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return Serve(ctx, *addr, *data, *lib)
}

// Serve answers ClickHouse's HTTP interface on addr until ctx ends. Tables live in dataDir and survive kill -9; a
// process serves one dataDir in its life, and a dataDir has one process. It prints `listening HOST:PORT` when ready.
func Serve(ctx context.Context, addr, dataDir, lib string) error {
	if err := os.MkdirAll(dataDir, 0o755); err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	loaded, err := load(lib)
	if err != nil {
		return err
	}
	// This session stays open: closing the last one would stop the engine for the rest of the process.
	root, err := openSession(loaded, "--path="+dataDir)
	if err != nil {
		return err
	}
	defer loaded.shutdown()
	defer root.close()
	s := &server{lib: loaded, dataDir: dataDir}
	if err := root.query("SELECT version()", "TSVRaw", nil, func(data []byte, _ answer) error {
		s.version = strings.TrimSpace(string(data))
		return nil
	}); err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	fmt.Println("listening", listener.Addr())
	return serveUntil(ctx, listener, s)
}

func serveUntil(ctx context.Context, listener net.Listener, handler http.Handler) error {
	srv := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("engine: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := srv.Shutdown(grace); err != nil {
		return fmt.Errorf("engine: requests were still running at the end: %w", err)
	}
	return nil
}
