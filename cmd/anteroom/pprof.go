package main

import (
	"context"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"anteroom/internal/server"
)

// servePprof serves profiles of the process at an address of the own machine, until ctx is
// done. It has a listener of its own, and only dev has it.
func servePprof(ctx context.Context, addr string) error {
	if err := server.CheckDevAddr(addr, false); err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = srv.Close() }) // profiles are not waited for
	go func() { _ = srv.Serve(l) }()                   // ends with ctx
	return nil
}
