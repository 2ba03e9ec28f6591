package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// scaleGoals compares with what was to be reached with so many requests waiting.
func (b *bench) scaleGoals() []goal {
	v := b.values
	late := slices.Max(v.all["timer.late"])
	return []goal{
		atMost("resume p50 at 1 : that of an empty database", v.ratio("scale.full.1.resume.p50", "scale.empty.1.resume.p50"), 1.3),
		atMost("start until ready, s", v.median("start")/1000, 2),
		atMost("memory after a start, MiB", v.median("start.mib"), 200),
		atMost("memory after the whole job at 1 and 64, MiB", v.median("scale.mib"), 200),
		atMost("memory after the flood of timers, MiB", v.median("flood.mib"), 200),
		atMost("how late the latest of some timers was, ms", late, 100),
		atLeast("flood: timers/s : whole jobs/s at 64", v.median("flood.rate")/v.median("scale.full.64.rate"), 1),
		atMost("flood: whole p99 of new requests, s", slices.Max(v.all["flood.during.whole.p99"])/1000, 5),
	}
}

// reportScale prints the table and writes the files.
func (b *bench) reportScale() error {
	v := b.values
	r := b.result(b.scale, b.scaleGoals())
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%d requests wait; %d CPUs shared by server, driver and database; medians of %d rounds; %.0f s in all\n\n", b.scale, r.CPUs, b.rounds, time.Since(b.began).Seconds())
	fmt.Fprintf(w, "in flight\tjobs/s\tsteps/s\tcreate\tcreate→callout\tresume\tresume→delivered\twhole\tserver\tdriver\tmachine busy\t\n")
	for _, key := range []string{"scale.empty.1", "scale.full.1", "scale.empty.64", "scale.full.64", "flood.before", "flood.during"} {
		b.row(w, key, key)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(&text, "\nloaded %.0f/s; a database of %.2f GB, of which %.2f KB for one that waits. Timers: %.0f/s; late by %.1f ms (median), %.1f (most).\n\n",
		v.median("load.rate"), v.median("scale.file")/1e9, v.median("scale.bytes")/1024, v.median("flood.rate"), v.median("timer.late"), slices.Max(v.all["timer.late"]))
	w = tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, l := range scaleLists {
		fmt.Fprintf(w, "%s\t%.1f ms\t\n", l.name, v.median("list."+l.name))
	}
	fmt.Fprint(w, "\t\t\n")
	r.reached(w, "")
	if err := w.Flush(); err != nil {
		return err
	}
	return b.publish(r, "scale", text.String())
}
