package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// State is what is looked at when somebody asks for metrics: figures in memory, and the
// latest sample of the database.
type State struct {
	Jobs   Jobs
	Store  Store
	Sample Sample
}

// Jobs is what the dispatcher has in memory.
type Jobs struct {
	Running, Waiting, Parked int // being performed; about to be; put off after a failure
	Panics, ClockJumps       int // since the start
	TimersHeld               bool
}

// Store is how busy the connections to the database are.
type Store struct {
	InUse, Idle, MostOpen int // connections
	Queue, MostQueue      int // changes that wait to be written
	Available             bool
}

// Sample is what was found in the database at a time.
type Sample struct {
	At   time.Time // zero: no sample was taken yet
	Took time.Duration
	// Limit is how far was counted: of all jobs that are due together, and of the requests
	// that wait at each stage.
	Limit int
	Due   map[string]Due   // by kind of job
	Waits map[string]Waits // by stage
	// Held says that a restored server holds its callouts until an operator releases them.
	Held bool
}

// Due are jobs that are due: how many, and since when the first.
type Due struct {
	Count int
	First time.Time
}

// Waits are requests that wait at a stage: how many, and since when the first.
type Waits struct {
	Count int
	Since time.Time
}

// stateCollector shows a State.
type stateCollector struct {
	state                                 func() State
	all                                   []gauge
	due, late, waits, oldest, connections *prometheus.Desc
}

// gauge is a figure without labels.
type gauge struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(*State) float64
}

func newStateCollector(state func() State) *stateCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("anteroom_"+name, help, labels, nil)
	}
	c := &stateCollector{
		state:       state,
		due:         desc("jobs_due", "Jobs that are due in the database, by kind, when it was sampled.", "kind"),
		late:        desc("jobs_late_seconds", "How late the oldest job of a kind is that is due.", "kind"),
		waits:       desc("waits", "Requests that wait, by stage, when the database was sampled.", "stage"),
		oldest:      desc("wait_oldest_seconds", "How long the oldest request waits at a stage.", "stage"),
		connections: desc("database_connections", "Open connections that read, by what they do.", "state"),
	}
	add := func(kind prometheus.ValueType, name, help string, value func(*State) float64) {
		c.all = append(c.all, gauge{desc(name, help), kind, value})
	}
	number := prometheus.GaugeValue
	add(number, "jobs_running", "Jobs that are being performed.", func(s *State) float64 { return float64(s.Jobs.Running) })
	add(number, "jobs_waiting", "Jobs in memory that are about to be performed.", func(s *State) float64 { return float64(s.Jobs.Waiting) })
	add(number, "jobs_parked", "Jobs in memory whose outcome could not be recorded and that are tried again.", func(s *State) float64 { return float64(s.Jobs.Parked) })
	add(prometheus.CounterValue, "job_panics_total", "Jobs that panicked.", func(s *State) float64 { return float64(s.Jobs.Panics) })
	add(prometheus.CounterValue, "clock_jumps_total", "Times that the real clock jumped by more than it may.", func(s *State) float64 { return float64(s.Jobs.ClockJumps) })
	add(number, "timers_held", "1 while timers are held back because the clock jumped.", func(s *State) float64 { return flag(s.Jobs.TimersHeld) })
	add(number, "database_available", "1 when the database could be written to at the latest check.", func(s *State) float64 { return flag(s.Store.Available) })
	add(number, "database_connections_max", "Most connections that read.", func(s *State) float64 { return float64(s.Store.MostOpen) })
	add(number, "writer_queue_length", "Changes that wait to be written.", func(s *State) float64 { return float64(s.Store.Queue) })
	add(number, "writer_queue_capacity", "Most changes that may wait to be written; more are refused.", func(s *State) float64 { return float64(s.Store.MostQueue) })
	add(number, "callouts_held", "1 while a restored server holds its callouts until an operator releases them.", func(s *State) float64 { return flag(s.Sample.Held) })
	add(number, "sample_limit", "As many things are counted in a sample; there may be more.", func(s *State) float64 { return float64(s.Sample.Limit) })
	add(number, "sample_timestamp_seconds", "When the database was sampled, in Unix time; 0: not yet.", func(s *State) float64 { return unix(s.Sample.At) })
	add(number, "sample_duration_seconds", "How long the latest sample took.", func(s *State) float64 { return s.Sample.Took.Seconds() })
	return c
}

// Describe implements prometheus.Collector.
func (c *stateCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.due, c.late, c.waits, c.oldest, c.connections} {
		ch <- d
	}
	for _, g := range c.all {
		ch <- g.desc
	}
}

// Collect implements prometheus.Collector.
func (c *stateCollector) Collect(ch chan<- prometheus.Metric) {
	s := c.state()
	show := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	for _, g := range c.all {
		ch <- prometheus.MustNewConstMetric(g.desc, g.kind, g.value(&s))
	}
	show(c.connections, float64(s.Store.InUse), "in_use")
	show(c.connections, float64(s.Store.Idle), "idle")
	for kind, due := range s.Sample.Due {
		show(c.due, float64(due.Count), kind)
		show(c.late, age(s.Sample.At, due.First), kind)
	}
	for stage, w := range s.Sample.Waits {
		show(c.waits, float64(w.Count), stage)
		show(c.oldest, age(s.Sample.At, w.Since), stage)
	}
}

// age is how long something lasted at a time, in seconds.
func age(now, since time.Time) float64 {
	if since.IsZero() {
		return 0
	}
	return max(0, now.Sub(since).Seconds())
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func unix(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}
