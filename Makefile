.DEFAULT_GOAL := help
FUZZTIME ?= 30s

.PHONY: help
help: ## show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: dev
dev: ## run the whole system on this machine until Ctrl-C
	go run ./dev

.PHONY: once
once: ## play the main stories and print which are ok
	go run ./dev -once

.PHONY: build
build: ## build the programs into bin/
	go build -trimpath -o bin/ ./cmd/ingress ./cmd/worker ./cmd/concurctl

.PHONY: test
test: ## run every test, including the stories
	go test ./...

.PHONY: check
check: ## run gofmt, go vet, staticcheck, workflowcheck and go mod
	bash .ci/check

.PHONY: kill-points
kill-points: ## play every story and kill the worker at every request (long)
	KILL_POINTS=all go test ./dev -run TestKillPoints -timeout 90m -v

.PHONY: intervention-points
intervention-points: ## intervene as an operator in every write, at every moment (long)
	INTERVENTIONS=all go test ./dev -run TestInterventionPoints -timeout 120m -v

.PHONY: guards
guards: ## remove every guard, one by one, and expect its story to fail (long)
	GUARDS=all go test ./dev -run TestAStoryFailsWithoutItsGuard -timeout 30m -v

.PHONY: interfaces
interfaces: ## play every story through every interface of Concur
	STORIES=all go test ./dev -run 'TestStories' -v

.PHONY: sweep
sweep: ## sweep failed lists of 1,000 and 10,000 entries, and print the time and memory (long)
	SWEEP_SIZES=1000,10000 go test ./dev -run TestASweepOfThousands -timeout 90m -v

.PHONY: what-if
what-if: ## evaluate 1,000 and 10,000 past runs with changed rules, and print the time and memory (long)
	WHATIF_SIZES=1000,10000 go test ./dev -run TestWhatIfOverThousandsOfRuns -timeout 90m -v

.PHONY: pictures
pictures: ## draw the README's pictures from a session of go run ./dev (needs Chromium)
	PICTURES=all go test ./dev -run TestPictures -v

.PHONY: page-pictures
page-pictures: ## draw the pictures of the approvers' page in each state (needs Chromium)
	PICTURES=all go test ./approvals/page -run TestEachStateIsAccessible -v

.PHONY: histories
histories: ## record the histories for the replay test
	go test ./dev -run TestRecordHistories -record

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME (30s)
	@set -e; grep -ro --include='*_test.go' '^func Fuzz[A-Za-z]*' . | while IFS=: read -r file target; do \
		target=$${target#func }; echo "$$target in $$(dirname "$$file")"; \
		go test "$$(dirname "$$file")" -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) </dev/null; \
	done

.PHONY: bench
bench: ## run the benchmarks
	go test ./... -run '^$$' -bench . -benchmem
