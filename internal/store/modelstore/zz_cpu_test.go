package modelstore

import (
	"os"
	"syscall"
	"testing"
	"fmt"
	"time"
)

func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(0, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestCPU(t *testing.T) {
	for _, b := range []struct{ name string; f func(*testing.B) }{
		{"Get", BenchmarkGet}, {"GetInTx", BenchmarkGetInTx}, {"Insert", BenchmarkInsert}, {"Submit", BenchmarkSubmit}, {"Update", BenchmarkUpdate}, {"ListIndexed", BenchmarkListIndexed}, {"ListOne", BenchmarkListOne}, {"Scan", BenchmarkListScan},
	} {
		var total time.Duration
		n := 0
		r := testing.Benchmark(func(tb *testing.B) { c := cpu(); b.f(tb); total += cpu() - c; n += tb.N })
		fmt.Fprintf(os.Stderr, "%-12s wall %8d ns/op, cpu %8d ns/op (incl. setup, %d ops) %s\n", b.name, r.NsPerOp(), int(total)/n, n, r.MemString())
	}
}
