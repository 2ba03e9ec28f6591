package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// installation is a PostgreSQL on this machine and the account that it runs under.
type installation struct {
	bin     string              // directory of its programs
	account *syscall.Credential // nil: the account of this process
}

// findInstallation looks where Debian puts PostgreSQL, the newest version first, and then
// where pg_config says. PostgreSQL does not run as root: then it is to run as postgres, or
// as nobody.
func findInstallation() (*installation, error) {
	bin, err := findPrograms()
	if err != nil {
		return nil, err
	}
	in := &installation{bin: bin}
	if os.Geteuid() != 0 {
		return in, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("pgtest: account %s: %w", name, err)
		}
		in.account = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		return in, nil
	}
	return nil, errors.New("pgtest: PostgreSQL does not run as root, and there is neither an account postgres nor nobody: run the tests as an ordinary user")
}

func findPrograms() (string, error) {
	newest, version := "", -1
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	for _, f := range found {
		bin := filepath.Dir(f)
		if v, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin))); v > version {
			newest, version = bin, v
		}
	}
	if newest != "" {
		return newest, nil
	}
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		bin := strings.TrimSpace(string(out))
		if _, err := os.Stat(filepath.Join(bin, "initdb")); err == nil {
			return bin, nil
		}
	}
	return "", errors.New("pgtest: there is no PostgreSQL server on this machine, neither in /usr/lib/postgresql nor where pg_config says: apt-get install postgresql")
}

// give makes the file or directory that of the account.
func (in *installation) give(path string) error {
	if in.account == nil {
		return nil
	}
	return os.Chown(path, int(in.account.Uid), int(in.account.Gid))
}

// command prepares one of PostgreSQL's programs, to be run under the account, in a process
// group of its own, so that an interrupt from the terminal reaches only us.
func (in *installation) command(ctx context.Context, dir, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(in.bin, program), args...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: in.account, Setpgid: true}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "PG") && !strings.HasPrefix(v, "LC_") && !strings.HasPrefix(v, "LANG") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "LC_ALL=C")
	return cmd
}

// run runs a program to its end. The error holds what it printed.
func (in *installation) run(ctx context.Context, dir, program string, args ...string) error {
	var out bytes.Buffer
	cmd := in.command(ctx, dir, program, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("pgtest: %s: %w\n%s", program, err, out.Bytes())
	}
	return nil
}
