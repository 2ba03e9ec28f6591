package pgtest

import (
	"fmt"
	"net/url"
)

// Socket returns the Unix socket that a DSN of this package is of: what a proxy dials.
func Socket(dsn string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil || u.Query().Get("host") == "" {
		return "", fmt.Errorf("pgtest: %q is not a DSN of this package", dsn)
	}
	return u.Query().Get("host") + "/.s.PGSQL.5432", nil
}

// Via returns the DSN of the same database, reached through the proxy that listens at
// the TCP address.
func Via(dsn, address string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return "", fmt.Errorf("pgtest: %w", err)
	}
	q := u.Query()
	q.Del("host")
	u.Host, u.RawQuery = address, q.Encode()
	return u.String(), nil
}
