package telemetry

import (
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics counts what happens and shows it to Prometheus. It is safe for concurrent use.
type Metrics struct {
	registry  *prometheus.Registry
	endpoints names

	requests        *prometheus.CounterVec
	requestDuration *prometheus.HistogramVec
	callouts        *prometheus.CounterVec
	calloutDuration *prometheus.HistogramVec
	notices         *prometheus.CounterVec
	commits         prometheus.Histogram
	commitDuration  prometheus.Histogram
	commitFailures  prometheus.Counter
}

// mostEndpoints is how many hosts of endpoints have a label of their own.
const mostEndpoints = 100

// Buckets of durations, in seconds.
var (
	fast = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	slow = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	disk = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5}
)

// NewMetrics returns metrics of a program of that version. What is only looked at when
// somebody asks comes from state, which must be quick and must not ask a database.
func NewMetrics(version string, state func() State) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), endpoints: names{most: mostEndpoints}}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "anteroom_" + name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64) prometheus.HistogramOpts {
		return prometheus.HistogramOpts{Name: "anteroom_" + name, Help: help, Buckets: buckets}
	}
	m.requests = counter("requests_total", "Requests answered, by operation of the API and status.", "operation", "status")
	m.requestDuration = prometheus.NewHistogramVec(histogram("request_duration_seconds", "How long requests took to answer.", fast), []string{"operation"})
	m.callouts = counter("callouts_total", "Attempts to call an endpoint, by its host and how they ended.", "endpoint", "outcome")
	m.calloutDuration = prometheus.NewHistogramVec(histogram("callout_duration_seconds", "How long attempts to call an endpoint took.", slow), []string{"endpoint"})
	m.notices = counter("notices_total", "Attempts to hand a notice to a sink, by how they ended.", "sink", "outcome")
	m.commits = prometheus.NewHistogram(histogram("commit_group_size", "Changes that shared a commit.", prometheus.ExponentialBuckets(1, 2, 9)))
	m.commitDuration = prometheus.NewHistogram(histogram("commit_duration_seconds", "How long commits took.", disk))
	m.commitFailures = prometheus.NewCounter(prometheus.CounterOpts{Name: "anteroom_commit_failures_total", Help: "Commits that the database refused."})
	build := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "anteroom_build_info", Help: "Always 1; the version of the program and of Go.",
		ConstLabels: prometheus.Labels{"version": version, "goversion": runtime.Version()},
	}, func() float64 { return 1 })
	m.registry.MustRegister(m.requests, m.requestDuration, m.callouts, m.calloutDuration, m.notices,
		m.commits, m.commitDuration, m.commitFailures, build, newStateCollector(state),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler answers with all metrics, in the text format of Prometheus or in OpenMetrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
}

// Request counts an answer. The operation is a name that the program gave, never a path.
func (m *Metrics) Request(operation string, status int, took time.Duration) {
	m.requests.WithLabelValues(operation, strconv.Itoa(status)).Inc()
	m.requestDuration.WithLabelValues(operation).Observe(took.Seconds())
}

// Callout counts an attempt to call an endpoint, by its host. Hosts beyond the first hundred
// are counted together as "other".
func (m *Metrics) Callout(host, outcome string, took time.Duration) {
	host = m.endpoints.bounded(host)
	m.callouts.WithLabelValues(host, outcome).Inc()
	m.calloutDuration.WithLabelValues(host).Observe(took.Seconds())
}

// Notice counts an attempt to hand a notice to a sink.
func (m *Metrics) Notice(sink, outcome string) { m.notices.WithLabelValues(sink, outcome).Inc() }

// Commit counts a commit of the database and the changes that shared it.
func (m *Metrics) Commit(changes int, took time.Duration, err error) {
	if err != nil {
		m.commitFailures.Inc()
		return
	}
	m.commits.Observe(float64(changes))
	m.commitDuration.Observe(took.Seconds())
}
