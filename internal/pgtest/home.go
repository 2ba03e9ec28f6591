package pgtest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// home is the temporary directory of a cluster and its standbys. A guard, a process of
// its own, kills the servers in it and removes it as soon as we end, however we end.
type home struct {
	path  string
	guard *exec.Cmd
	alive io.Closer // the guard reads the other end
}

// roomNeeded is what must be free in memory, in bytes, for a cluster to be put there.
const roomNeeded = 1 << 30

// maxSocketPath is the longest name of a Unix socket, in bytes, that PostgreSQL takes.
const maxSocketPath = 106

// guardScript waits until its input ends. A postmaster is killed only if it works in our
// directory: its number may be somebody else's by then.
const guardScript = `
trap '' INT TERM HUP
cat >/dev/null
for f in "$1"/*/postmaster.pid; do
	[ -e "$f" ] || continue
	read -r pid <"$f"
	[ "$(readlink "/proc/$pid/cwd")" = "${f%/postmaster.pid}" ] || continue
	kill -QUIT "$pid"
	while [ "$(readlink "/proc/$pid/cwd")" = "${f%/postmaster.pid}" ]; do sleep 0.02; done
done
for d in "$1"/*/; do umount "$d" 2>/dev/null; done
rm -rf "$1"
`

// newHome makes the directory: in memory where there is room and durability is not wanted.
func newHome(in *installation, durable bool) (*home, error) {
	parent := os.TempDir()
	var fs syscall.Statfs_t
	if err := syscall.Statfs("/dev/shm", &fs); !durable && err == nil && fs.Bavail*uint64(fs.Bsize) >= roomNeeded {
		parent = "/dev/shm"
	}
	path, err := os.MkdirTemp(parent, "anteroom-pg-")
	if err != nil {
		return nil, fmt.Errorf("pgtest: a directory for the cluster: %w", err)
	}
	h := &home{path: path}
	if h.path, err = filepath.EvalSymlinks(path); err != nil {
		return nil, errors.Join(err, os.RemoveAll(path))
	}
	if n := len(h.path + "/standby1.s/.s.PGSQL.5432"); n > maxSocketPath {
		return nil, errors.Join(fmt.Errorf("pgtest: %s is too long for the name of a Unix socket: set TMPDIR to a shorter one", parent), os.RemoveAll(path))
	}
	if err := errors.Join(in.give(h.path), h.watch()); err != nil {
		return nil, errors.Join(fmt.Errorf("pgtest: %w", err), os.RemoveAll(path))
	}
	return h, nil
}

func (h *home) watch() error {
	h.guard = exec.Command("/bin/sh", "-c", guardScript, "guard", h.path)
	h.guard.Dir = "/"
	h.guard.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var err error
	if h.alive, err = h.guard.StdinPipe(); err != nil {
		return err
	}
	return h.guard.Start()
}

// remove lets the guard do its work and waits until it is done.
func (h *home) remove() error {
	return errors.Join(h.alive.Close(), h.guard.Wait())
}
