package config

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Check looks at what the configuration names: that the certificate and its key can be
// read and belong together, that the mail server's password can be read, and that the
// database can be written where it is to be. It leaves nothing behind. The error is of type Problems.
func (c *Config) Check() error {
	var problems Problems
	report := func(key, format string, args ...any) {
		problems = append(problems, Problem{Line: c.lines[key], Key: key, Message: fmt.Sprintf(format, args...)})
	}
	if c.TLS != nil {
		readable := true
		for key, path := range map[string]string{"tls.certFile": c.TLS.CertFile, "tls.keyFile": c.TLS.KeyFile} {
			if _, err := os.ReadFile(path); err != nil {
				readable = false
				report(key, "cannot be read: %v; give the path of a PEM file that the server's user may read", err)
			}
		}
		if readable {
			if _, err := tls.LoadX509KeyPair(c.TLS.CertFile, c.TLS.KeyFile); err != nil {
				report("tls.certFile", "is no certificate of the key in keyFile: %v", err)
			}
		}
	}
	if smtp := c.Notices.SMTP; smtp != nil && smtp.PasswordFile != "" {
		if _, err := smtp.Password(); err != nil {
			report("notices.smtp.passwordFile", "%v; give the path of a file that holds the password alone and that the server's user may read", err)
		}
	}
	if problem := checkData(c.Data); problem != "" {
		report("data", "%s", problem)
	}
	return problems.or()
}

// checkData says what keeps a database from being written at path, or nothing. A database
// elsewhere is looked at when the server starts.
func checkData(path string) string {
	if strings.Contains(path, "://") {
		return ""
	}
	dir := filepath.Dir(path)
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("there is no directory %s; make it, owned by the server's user", dir)
	case err != nil:
		return fmt.Sprintf("the directory cannot be looked at: %v", err)
	case !info.IsDir():
		return fmt.Sprintf("%s is not a directory", dir)
	}
	// SQLite writes files beside the database.
	probe, err := os.CreateTemp(dir, ".anteroom-check-*")
	if err != nil {
		return fmt.Sprintf("the directory %s cannot be written to: %v; give it to the server's user", dir, err)
	}
	probe.Close()
	if err := os.Remove(probe.Name()); err != nil {
		return fmt.Sprintf("files in the directory %s cannot be removed: %v", dir, err)
	}
	info, err = os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ""
	case err != nil:
		return fmt.Sprintf("cannot be looked at: %v", err)
	case !info.Mode().IsRegular():
		return "is not a file"
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Sprintf("cannot be written: %v; give the file to the server's user", err)
	}
	f.Close()
	return ""
}
