package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Limits of trying again what was lost with its transaction.
const (
	connectWithin = 5 * time.Second
	closeWithin   = time.Second
	// againWithin is for how long after it was begun a change is tried again.
	againWithin = 8 * time.Second
	firstPause  = 2 * time.Millisecond
	lastPause   = 250 * time.Millisecond
)

// tryAgain is called when the transaction of a group was lost and nothing of it happened:
// a serialization failure, a connection that broke, a database that starts. It returns the
// changes that are to be run again, after a pause that grows, and answers the others.
func (w *writer) tryAgain(group []*change, begun int, lost error) []*change {
	w.failures++
	level := slog.LevelDebug
	if w.failures&(w.failures-1) == 0 { // the first, the second, the fourth, …: an outage must not flood the log
		level = slog.LevelWarn
	}
	w.log.Log(context.Background(), level, "a transaction was lost and is tried again", "changes", begun, "failures", w.failures, "error", lost)
	var rest, over []*change
	for i, ch := range group {
		switch {
		case i >= begun:
			rest = append(rest, ch)
		case ch.state.Load() == changeWithdrawn:
		case time.Since(ch.since) > againWithin || w.closing.Load():
			ch.err = nil
			over = append(over, ch)
		default:
			ch.err, ch.panic = nil, nil
			rest = append(rest, ch)
		}
	}
	w.answer(over, lost)
	if len(rest) > 0 && w.failures > 1 {
		timer := time.NewTimer(min(firstPause<<min(w.failures, 10), lastPause))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-w.stop:
		}
	}
	return rest
}

// anew returns the changes of a transaction that is begun anew, of which some were run.
func (w *writer) anew(group []*change, begun int) []*change {
	var rest []*change
	for i, ch := range group {
		if i < begun {
			if ch.state.Load() == changeWithdrawn {
				continue
			}
			ch.err, ch.panic = nil, nil
		}
		rest = append(rest, ch)
	}
	return rest
}

// mark counts the commits of a writer in the database, so that the outcome of a commit
// whose answer was lost can be read instead of guessed. A nil mark only commits.
type mark struct {
	db      *database
	writer  int64
	commits int64
}

const (
	// Two commits never have the same number: the second is a division by zero.
	markPut = "INSERT INTO writer (number, replica, commits) VALUES ($1, $2, $3)" +
		" ON CONFLICT (number) DO UPDATE SET replica = excluded.replica, commits =" +
		" CASE WHEN writer.commits = excluded.commits - 1 THEN excluded.commits ELSE excluded.commits / (writer.number - excluded.number) END"
	// markClose waits for the end of the transaction whose outcome is asked for and, where it
	// did not happen, takes the number after it, so that it cannot happen later either: the
	// database may not have read yet what was sent to it. It always writes, so that it is as
	// durable, here and on standbys, as what it tells of.
	markClose  = "UPDATE writer SET commits = CASE WHEN commits < $2 THEN $2 + 1 ELSE commits END WHERE number = $1 RETURNING commits"
	markDelete = "DELETE FROM writer WHERE number = $1"
)

// errUnknown is the outcome of a commit that could not be read.
var errUnknown = errors.New("the connection broke during the commit, and whether it happened could not be read")

// commit ends the transaction of a connection, for good when it returns nil, or with an
// error that says whether it may have happened.
func (m *mark) commit(c *conn) error {
	if m == nil {
		return c.commit()
	}
	next := m.commits + 1
	c.later(markPut, m.writer, m.db.replica.id(), next)
	err := c.commit()
	switch {
	case err == nil:
		m.commits = next
		return nil
	case !c.session.broken():
		return err // the database refused it
	}
	happened, rerr := m.happened(next)
	switch {
	case rerr != nil:
		m.writer, m.commits = newNumber(), 0 // what the old number counts is not known any more
		return unavailable(fmt.Errorf("%w: %w: %w", errUnknown, err, rerr))
	case happened:
		m.commits = next
		return nil
	}
	m.commits = next + 1
	return unavailable(again{err})
}

// happened reads whether the commit with a number happened, as soon as it can be known. If
// not, it never will.
func (m *mark) happened(number int64) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), againWithin)
	defer cancel()
	var errs error
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		n, found, err := m.close(ctx, number)
		switch {
		case err == nil && !found:
			return false, errors.New("the writer is not known to the database any more")
		case err == nil:
			return n == number, nil
		}
		errs = err
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false, errs
		}
	}
}

// close ends the commit with a number, if it did not happen, and returns the last number.
func (m *mark) close(ctx context.Context, number int64) (n int64, found bool, err error) {
	c, err := m.db.connect(ctx)
	if err != nil {
		return 0, false, err
	}
	defer func() { _ = c.close() }() // nothing is under way on it
	return c.number(ctx, markClose, m.writer, number)
}

// begin makes the writer known to the database.
func (m *mark) begin(ctx context.Context, c *conn) error {
	_, err := c.exec(ctx, markPut, m.writer, m.db.replica.id(), m.commits)
	return err
}

// end forgets it.
func (m *mark) end(c *conn) {
	if m != nil && !c.session.broken() {
		_, _ = c.exec(context.Background(), markDelete, m.writer) // what stays is removed by others
	}
}
