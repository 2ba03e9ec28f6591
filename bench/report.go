package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// result is what bench.json holds.
type result struct {
	Go     string               `json:"go"`
	CPUs   int                  `json:"cpus"`
	Parked int                  `json:"parked"`
	Faults faults               `json:"faults"`
	Goals  []goal               `json:"goals"`
	Median map[string]float64   `json:"median"`
	Rounds map[string][]float64 `json:"rounds"`
}

// goal is one of the issue's, with what was reached.
type goal struct {
	Name    string  `json:"name"`
	Goal    string  `json:"goal"`
	Value   float64 `json:"value"`
	Verdict string  `json:"verdict"`
}

// busyMachine is the share of all CPUs beyond which the CPU is what limits.
const busyMachine = 0.9

// goals compares with what was to be reached.
func (b *bench) goals() []goal {
	v := b.values
	b.faults.Doubled += b.sink.doubled()
	// What the operating system says of a process is known on Linux only.
	ofProcess := func(name string, x, most float64) goal {
		g := atMost(name, x, most)
		if cpu(os.Getpid()) == 0 {
			g.Verdict = "not measured on this system"
		}
		return g
	}
	steps := atLeast("durable steps/s at 64 : raw commits/s", 4*v.ratio("job.64.rate", "raw.rate"), 1)
	if steps.Verdict != reached && v.median("job.64.busy") >= busyMachine {
		steps.Verdict = fmt.Sprintf("not reached; the CPU is the limit (%.0f %% busy)", 100*v.median("job.64.busy"))
	}
	all := []goal{
		atLeast("commits 5 ms slower, at 64: grouped : groups of one", v.ratio("delay.grouped.rate", "delay.alone.rate"), 10),
		atLeast("commits 5 ms slower, at 64: rate : own rate without", v.ratio("delay.grouped.rate", "delay.none.rate"), 0.4),
		steps,
		atMost("resume p50 at 1 : (bare POST p50 + raw commit p50)", v.median("job.1.resume.p50")/(v.median("bare.1.p50")+v.median("raw.p50")), 5),
		ofProcess("server CPU a job at 64, ms", v.median("job.64.cpu"), 1),
		atLeast(fmt.Sprintf("rate at 64 with %d waiting : without", b.parked), v.ratio("parked.all.rate", "parked.none.rate"), 0.9),
		atMost("disk for one that waits, KB", v.median("park.disk")/1024, 3),
		ofProcess("memory for one that waits, KB", v.median("park.memory")/1024, 1),
		ofProcess("idle memory, MiB", v.median("idle.mib"), 64),
		ofProcess("idle CPU, cores", v.median("idle.cores"), 0.01),
		atLeast("PostgreSQL, steps/s at 64 : raw commits/s on 32 connections", 4*v.ratio("pg1.64.rate", "pgraw.32.rate"), 1),
		atLeast("PostgreSQL at 64: grouped : groups of one", v.ratio("pg1.64.rate", alone+".64.rate"), 1.3),
		atLeast("PostgreSQL, burst resumed/s : raw commits/s on 32 connections", v.median("pg1.burst.resume.rate")/v.median("pgraw.32.rate"), 0.5),
		atLeast("PostgreSQL at 64 : SQLite", v.median("pg1.64.rate")/v.median("job.64.rate"), 0.5),
	}
	all = slices.DeleteFunc(all, func(g goal) bool {
		return math.IsNaN(g.Value) || math.IsInf(g.Value, 0) || g.Value == 0 && b.only != ""
	})
	for _, f := range []struct {
		name  string
		count int
	}{{"lost", b.faults.Lost}, {"doubled", b.faults.Doubled}, {"undone", b.faults.Undone}} {
		all = append(all, goal{f.name, "0", float64(f.count), verdict(f.count == 0)})
	}
	return all
}

func atLeast(name string, x, least float64) goal {
	return goal{name, fmt.Sprintf("≥ %g", least), x, verdict(x >= least)}
}

func atMost(name string, x, most float64) goal {
	return goal{name, fmt.Sprintf("≤ %g", most), x, verdict(x <= most)}
}

const reached = "reached"

func verdict(ok bool) string {
	if ok {
		return reached
	}
	return "not reached"
}

// result is what was found, with so many requests parked.
func (b *bench) result(parked int, goals []goal) result {
	r := result{
		Go: runtime.Version(), CPUs: runtime.NumCPU(), Parked: parked, Faults: b.faults, Goals: goals,
		Median: map[string]float64{}, Rounds: b.values.all,
	}
	for key := range b.values.all {
		r.Median[key] = b.values.median(key)
	}
	return r
}

// reached prints the goals, a remark about them, and the notes.
func (r result) reached(w io.Writer, remark string) {
	fmt.Fprintf(w, "goal\t\treached\t\n")
	for _, g := range r.Goals {
		fmt.Fprintf(w, "%s\t%s\t%.3g\t%s\n", g.Name, g.Goal, g.Value, g.Verdict)
	}
	fmt.Fprint(w, remark)
	for _, note := range r.Faults.notes {
		fmt.Fprintf(w, "note: %s\t\t\t\n", note)
	}
}

// publish prints the text, and writes it and the figures to files of that name.
func (b *bench) publish(r result, name, text string) error {
	if _, err := io.WriteString(os.Stdout, text); err != nil || b.out == "" {
		return err
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(
		os.MkdirAll(b.out, 0o750),
		os.WriteFile(filepath.Join(b.out, name+".json"), append(data, '\n'), 0o600),
		os.WriteFile(filepath.Join(b.out, name+".txt"), []byte(text), 0o600))
}

// report prints the table and writes the files.
func (b *bench) report() error {
	r := b.result(b.parked, b.goals())
	var text strings.Builder
	if err := b.table(&text, r); err != nil {
		return err
	}
	if b.baseline != "" {
		if err := b.ratios(&text, r); err != nil {
			return err
		}
	}
	return b.publish(r, "bench", text.String())
}

// table prints everything for people.
func (b *bench) table(out io.Writer, r result) error {
	v := b.values
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "Anteroom benchmark: %d CPUs shared by server, driver and database; medians of %d rounds; %.0f s in all\n\n",
		r.CPUs, b.rounds, time.Since(b.began).Seconds())
	fmt.Fprintf(w, "\tper s\tp50 ms\t\n")
	b.line(w, "raw durable commits, one at a time", "raw")
	b.line(w, "raw durable commits, 100 at a time", "raw.100")
	for _, n := range inFlights {
		b.line(w, fmt.Sprintf("bare POST → 204, %d in flight", n), fmt.Sprintf("bare.%d", n))
	}
	b.line(w, "burst: created, to wait", "burst.create")
	b.line(w, "burst: resumed by 64", "burst.resume")
	for _, n := range rawConnections {
		b.line(w, fmt.Sprintf("PostgreSQL, raw durable commits on %d connections", n), fmt.Sprintf("pgraw.%d", n))
	}
	for i, fleet := range fleets {
		b.line(w, fmt.Sprintf("PostgreSQL, %d processes, burst: created", fleetSizes[i]), fleet+".burst.create")
		b.line(w, fmt.Sprintf("PostgreSQL, %d processes, burst: resumed by 64", fleetSizes[i]), fleet+".burst.resume")
	}
	fmt.Fprintf(w, "\nThe whole job: latencies are p50/p99 in ms, server and driver are their CPU in ms a job.\n\n")
	fmt.Fprintf(w, "in flight\tjobs/s\tsteps/s\tcreate\tcreate→callout\tresume\tresume→delivered\twhole\tserver\tdriver\tmachine busy\t\n")
	for _, n := range inFlights {
		b.row(w, fmt.Sprint(n), fmt.Sprintf("job.%d", n))
	}
	for i, fleet := range fleets {
		for _, n := range inFlights {
			b.row(w, fmt.Sprintf("PostgreSQL, %d processes, %d", fleetSizes[i], n), fmt.Sprintf("%s.%d", fleet, n))
		}
	}
	b.row(w, "PostgreSQL, 1 process, 64, groups of one", alone+".64")
	b.row(w, "64, in the rounds below", "delay.none")
	b.row(w, "64, commits 5 ms slower", "delay.grouped")
	b.row(w, "64, 5 ms slower, groups of one", "delay.alone")
	b.row(w, "64, none parked", "parked.none")
	b.row(w, fmt.Sprintf("64, %d parked", b.parked), "parked.all")
	fmt.Fprintf(w, "\nparking: %.0f/s; %.2f KB of disk and %.2f KB of memory each. Idle: %.0f MiB, %.4f cores. Others used %.2f cores during the whole job at 64.\n\n",
		v.median("park.rate"), v.median("park.disk")/1024, v.median("park.memory")/1024, v.median("idle.mib"), v.median("idle.cores"), v.median("job.64.others"))
	if err := w.Flush(); err != nil {
		return err
	}
	w = tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	r.reached(w, fmt.Sprintf("(of %.0f requests, with a SIGKILL under load)\t\t\t\n", sum(v.all["checked"])))
	return w.Flush()
}

func (b *bench) row(w io.Writer, name, key string) {
	v := b.values
	if !v.has(key + ".rate") {
		return
	}
	fmt.Fprintf(w, "%s\t%.0f\t%.0f", name, v.median(key+".rate"), 4*v.median(key+".rate"))
	for _, what := range []string{"create", "callout", "resume", "deliver", "whole"} {
		fmt.Fprintf(w, "\t%.1f/%.1f", v.median(key+"."+what+".p50"), v.median(key+"."+what+".p99"))
	}
	fmt.Fprintf(w, "\t%.2f\t%.2f\t%.0f %%\t\n", v.median(key+".cpu"), v.median(key+".driver"), 100*v.median(key+".busy"))
}

// line prints a rate, and a latency where there is one.
func (b *bench) line(w io.Writer, name, key string) {
	v := b.values
	if !v.has(key + ".rate") {
		return
	}
	p50 := ""
	if v.has(key + ".p50") {
		p50 = fmt.Sprintf("%.3f", v.median(key+".p50"))
	}
	fmt.Fprintf(w, "%s\t%.0f\t%s\t\n", name, v.median(key+".rate"), p50)
}

func sum(all []float64) (total float64) {
	for _, x := range all {
		total += x
	}
	return total
}

// ratios prints this run's figures as ratios to those of another.
func (b *bench) ratios(out io.Writer, r result) error {
	data, err := os.ReadFile(b.baseline)
	if err != nil {
		return err
	}
	var base result
	if err := json.Unmarshal(data, &base); err != nil {
		return fmt.Errorf("%s: %w", b.baseline, err)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "\nratio to the baseline\tthis\tbaseline\tratio\t\n")
	for _, key := range sortedKeys(r.Median) {
		if was := base.Median[key]; was != 0 {
			fmt.Fprintf(w, "%s\t%.4g\t%.4g\t%.2f\t\n", key, r.Median[key], was, r.Median[key]/was)
		}
	}
	return w.Flush()
}

func sortedKeys(m map[string]float64) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// reportComparison prints one server's figures as ratios to those of the other.
func (b *bench) reportComparison() error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "in flight\tfigure\tthis\tother\tthis : other\t\n")
	for _, n := range inFlights {
		for _, what := range []string{"rate", "cpu", "create.p50", "callout.p50", "resume.p50", "deliver.p50", "whole.p50", "whole.p99"} {
			this, other := fmt.Sprintf("this.%d.%s", n, what), fmt.Sprintf("other.%d.%s", n, what)
			fmt.Fprintf(w, "%d\t%s\t%.3f\t%.3f\t%.2f\t\n", n, what, b.values.median(this), b.values.median(other), b.values.ratio(this, other))
		}
		this, other := slices.Min(b.values.all[fmt.Sprintf("this.%d.cpu", n)]), slices.Min(b.values.all[fmt.Sprintf("other.%d.cpu", n)])
		fmt.Fprintf(w, "%d\tcpu, least\t%.3f\t%.3f\t%.2f\t\n", n, this, other, this/other)
	}
	return w.Flush()
}
