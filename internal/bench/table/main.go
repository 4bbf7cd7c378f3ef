// Command table runs the benchmarks and writes the tables of docs/performance.md: that of
// the root module and that of checkout.
//
//	go run ./internal/bench/table                          prints the tables
//	go run ./internal/bench/table -write                   writes them into docs/performance.md
//	go run ./internal/bench/table -write -module checkout  only that of checkout
//
// It runs every benchmark for a short time, again and again, so that a floor and what
// is compared with it always run within the same second. It prints the medians, and the
// median and the quartiles of the ratios of the rounds.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// suites are the benchmarks of a package, by module and directory. Those that are run once
// have separate rounds.
var suites = []struct {
	module, dir, bench, benchTime string
	once                          bool
}{
	{module: ".", dir: "internal/bench", bench: "^Benchmark(Create|Query|Notification|Decode|Sign|Verify)$", benchTime: "25ms"},
	{module: ".", dir: "internal/bench", bench: "^BenchmarkCreateParallel$", benchTime: "4000x"}, // connections take time to open
	{module: "checkout", dir: "checkout", bench: "^BenchmarkCredit$", benchTime: "300x"},
	{module: "checkout", dir: "checkout", bench: "^Benchmark(Stored|Run)$", benchTime: "200x", once: true},
}

// manyOrders is how many orders BenchmarkStored stores at most.
const manyOrders = "CHECKOUT_MANY_ORDERS=1000000"

// aims are the largest ratios of time, by a regular expression for the benchmark's name. The
// first one that matches applies, and 0 means no limit.
var aims = []struct {
	name  string
	ratio float64
}{
	{"^Create/", 1.25},
	{"^Query/", 1.25},
	{"^Notification/", 1.25},
	{"^CreateParallel/", 1 / 0.95},
	{"^Decode/", 1.3},
	{"^Sign/sorted-", 0},
	{"^Sign/", 1.5},
	{"^Verify/", 2},
	{"^Credit/.*/credit$", 2},
	{"^Credit/.*/c=64/notification, p95$", 3},
	{"^Stored/", 1.25},
	{"^Run/.*/100000$", 1.25},
}

// p95 ends the name of a row with 95th percentiles instead of means.
const p95 = ", p95"

type measurement struct{ nanoseconds, allocations float64 }

// results has the rounds of each benchmark.
type results struct {
	names  []string // in the order of the runs
	rounds map[string][]measurement
}

func main() {
	rounds := flag.Int("rounds", 20, "how often each benchmark runs")
	write := flag.Bool("write", false, "write the tables into docs/performance.md")
	only := flag.String("module", "", `the module to measure: "." or "checkout"; all by default`)
	flag.Parse()
	for _, module := range []string{".", "checkout"} {
		if *only != "" && *only != module {
			continue
		}
		if err := run(context.Background(), module, *rounds, *write); err != nil {
			log.Fatal("table: ", err)
		}
	}
}

// run measures a module.
func run(ctx context.Context, module string, rounds int, write bool) error {
	temporary, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temporary) }()
	measured := results{rounds: map[string][]measurement{}}
	began := time.Now()
	for _, suite := range suites {
		if suite.module != module {
			continue
		}
		program := filepath.Join(temporary, filepath.Base(suite.dir)+".test")
		path, err := filepath.Rel(suite.module, suite.dir)
		if err != nil {
			return err
		}
		build := exec.CommandContext(ctx, "go", "-C", suite.module, "test", "-c", "-o", program, "./"+path) //nolint:gosec // constants
		if output, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w: %s", suite.dir, err, output)
		}
		times := rounds
		if suite.once {
			times = 1
		}
		for range times {
			test := exec.CommandContext(ctx, program, //nolint:gosec // built above
				"-test.run", "^$", "-test.bench", suite.bench, "-test.benchtime", suite.benchTime, "-test.benchmem")
			test.Dir, test.Env = suite.dir, append(os.Environ(), manyOrders)
			output, err := test.Output()
			if err != nil {
				return fmt.Errorf("run %s: %w: %s", suite.dir, err, output)
			}
			if err := measured.add(output); err != nil {
				return err
			}
		}
	}
	table := measured.table(fmt.Sprintf("%s, %s/%s, %d CPUs; %d rounds in %s.", runtime.Version(), runtime.GOOS, runtime.GOARCH,
		runtime.NumCPU(), rounds, time.Since(began).Round(time.Second)))
	if !write {
		_, err := os.Stdout.WriteString(table)
		return err
	}
	return replace(module, table)
}

// line is what the testing package prints for a benchmark; one that runs again gets a "#".
var line = regexp.MustCompile(`(?m)^Benchmark(\S+?)(?:#\d+)?(?:-\d+)?\s+\d+\s+(\S+) ns/op(?:.*\s(\S+) p95-ms)?.*?(\d+) allocs/op$`)

// add adds a run. The error names a benchmark without a result.
func (r *results) add(output []byte) error {
	for _, name := range bytes.Split(output, []byte("\n")) {
		if bytes.HasPrefix(name, []byte("Benchmark")) && !line.Match(name) {
			return fmt.Errorf("no result: %s", name)
		}
	}
	for _, found := range line.FindAllSubmatch(output, -1) {
		name := string(found[1])
		nanoseconds, _ := strconv.ParseFloat(string(found[2]), 64)
		allocations, _ := strconv.ParseFloat(string(found[4]), 64)
		r.note(name, measurement{nanoseconds, allocations})
		if percentile, err := strconv.ParseFloat(string(found[3]), 64); err == nil && strings.HasPrefix(name, "Credit/") {
			r.note(name+p95, measurement{percentile * 1e6, allocations})
		}
	}
	return nil
}

func (r *results) note(name string, m measurement) {
	if r.rounds[name] == nil {
		r.names = append(r.names, name)
	}
	r.rounds[name] = append(r.rounds[name], m)
}

func (r *results) table(machine string) string {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s\n\n| benchmark | floor | SDK | ratio | quartiles | aim | allocations | floor's |\n|---|---:|---:|---:|---:|---:|---:|---:|\n", machine)
	for _, name := range r.names {
		group, kind := name[:strings.LastIndexByte(name, '/')], name[strings.LastIndexByte(name, '/')+1:]
		kind, isP95 := strings.CutSuffix(kind, p95)
		floor := r.rounds[group+"/floor"]
		if isP95 {
			floor = r.rounds[group+"/floor"+p95]
		}
		if kind == "floor" || floor == nil {
			continue
		}
		rounds := r.rounds[name]
		time := func(m measurement) float64 { return m.nanoseconds }
		allocations := func(m measurement) float64 { return m.allocations }
		var ratios []float64
		for i := range min(len(rounds), len(floor)) {
			ratios = append(ratios, rounds[i].nanoseconds/floor[i].nanoseconds)
		}
		ratio := median(ratios) // sorts them
		ratioText, aimText := fmt.Sprintf("%.2f", ratio), ""
		spread := fmt.Sprintf("%.2f–%.2f", ratios[len(ratios)/4], ratios[len(ratios)-1-len(ratios)/4])
		if aim := aimOf(name); aim > 0 {
			aimText = fmt.Sprintf("%.2f", aim)
			if ratio > aim+0.005 {
				ratioText = "**" + ratioText + "**"
			}
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s | %s | %s | %.0f | %.0f |\n", strings.TrimSuffix(name, "/sdk"),
			duration(medianOf(floor, time)), duration(medianOf(rounds, time)), ratioText, spread, aimText,
			medianOf(rounds, allocations), medianOf(floor, allocations))
	}
	return out.String()
}

func aimOf(name string) float64 {
	for _, aim := range aims {
		if regexp.MustCompile(aim.name).MatchString(name) {
			return aim.ratio
		}
	}
	return 0
}

func medianOf(rounds []measurement, value func(measurement) float64) float64 {
	var values []float64
	for _, m := range rounds {
		values = append(values, value(m))
	}
	return median(values)
}

func median(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

func duration(nanoseconds float64) string {
	switch {
	case nanoseconds < 1e3:
		return fmt.Sprintf("%.0f ns", nanoseconds)
	case nanoseconds < 1e6:
		return fmt.Sprintf("%.1f µs", nanoseconds/1e3)
	default:
		return fmt.Sprintf("%.2f ms", nanoseconds/1e6)
	}
}

const (
	document = "docs/performance.md"
	end      = "<!-- end of the table -->"
)

// begins are the marks before the tables, by module.
var begins = map[string]string{
	".":        "<!-- table: go run ./internal/bench/table -write -->\n",
	"checkout": "<!-- table: go run ./internal/bench/table -write -module checkout -->\n",
}

var rowName = regexp.MustCompile("(?m)^\\| `[^`]+` ")

// replace replaces the table of a module in the document, unless rows would be lost.
func replace(module, table string) error {
	begin := begins[module]
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	before, rest, found := bytes.Cut(text, []byte(begin))
	old, after, foundEnd := bytes.Cut(rest, []byte(end))
	if !found || !foundEnd {
		return errors.New(document + " has no marks around the table")
	}
	for _, row := range rowName.FindAll(old, -1) {
		if !strings.Contains(table, string(row)) { // as without the databases of .ci/databases.bash
			return fmt.Errorf("this run has no row %s… of %s: delete it there if that is meant. The table:\n%s", row, document, table)
		}
	}
	text = bytes.Join([][]byte{before, []byte(begin), []byte(table), []byte(end), after}, nil)
	return os.WriteFile(document, text, 0o600) //nolint:gosec // a constant path
}
