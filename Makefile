# make test   installs what is missing, then vets, checks and tests everything (the second
#             command of the README); CI runs this
# make demo   the whole story on one screen
# make lint   golangci-lint with the rules in .golangci.yml
# make bench  the benchmark; its table and JSON go to bench/out
# make night  the long runs: 1,000 kills, long fuzzing, a million random steps, 200,000
#             simulated lives

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS  = -s -w -X anteroom/internal/server.version=$(VERSION)
TOOL     = $(GO) tool -modfile=tools/go.mod

.PHONY: test build demo lint bench night fmt vet staticcheck unit crash

test:
	./test

build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/anteroom ./cmd/anteroom

demo:
	$(GO) run ./cmd/anteroom demo

fmt:
	@out=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$out" ]; then echo "not gofmt-ed:"; echo "$$out"; exit 1; fi

vet:
	$(GO) vet ./...
	$(GO) vet -tags failpoint ./...

staticcheck:
	$(TOOL) staticcheck ./...

lint:
	$(TOOL) golangci-lint run ./...

bench:
	$(GO) run ./bench -out bench/out

night:
	ANTEROOM_NIGHT=1 ANTEROOM_RANDOM_STEPS=1000000 ANTEROOM_SEEDS=200000 $(GO) test -count=1 -timeout 12h ./...
	./tools/fuzz.sh 10m
