package plant

import (
	"fmt"

	"clearingd/clearing/benefit"
)

// planText is a made-up plan with a version until 2025 and one since, with two segments, a
// critical-illness layer and cuts out of area, so that every kind of recomputation
// has something to change.
const planText = `area = "6501"
insurance = "310"
title_zh = "试验"
title_en = "trial"
invented = true

[[version]]
valid_from = 2016-01-01
valid_to = 2025-12-31
source = "made up"
verified = false
%[1]s
  [[version.layer]]
  id = "basic"
  zh = "统筹基金"
  en = "pooled fund"
  fund = "310100"
  takes = ["in scope"]
    [[version.layer.segment]]
    up_to = 10_000
    pays = "81.3"
    [[version.layer.segment]]
    pays = "86.7"
%[2]s
[[version]]
valid_from = 2026-01-01
source = "made up"
verified = false
%[1]s
  [[version.layer]]
  id = "basic"
  zh = "统筹基金"
  en = "pooled fund"
  fund = "310100"
  takes = ["in scope"]
    [[version.layer.segment]]
    up_to = 10_000
    pays = "83.7"
    [[version.layer.segment]]
    pays = "88.9"
%[2]s`

const planBlocks = `
  [version.deductible]
  amount = %s
  [[version.out_of_area]]
  filing = ["long-term", "long-term-at-home"]
  same_as = "local"
  [[version.out_of_area]]
  filing = ["referral", "emergency"]
  points_down = 10
  [[version.out_of_area]]
  filing = ["temporary", "unfiled"]
  points_down = 20
`

const planCritical = `
  [[version.layer]]
  id = "critical"
  zh = "大病保险"
  en = "critical illness"
  fund = "390200"
  takes = ["own share"]
    [[version.layer.segment]]
    pays = "53.3"
`

// trialPlan is the plan with a deductible.
func trialPlan(deductible string) *benefit.Plan {
	text := fmt.Sprintf(planText, fmt.Sprintf(planBlocks, deductible), planCritical)
	plan, problems := benefit.ParsePlan("trial.toml", []byte(text))
	if len(problems) > 0 {
		panic(fmt.Sprintf("plant: the trial plan: %v", problems[0]))
	}
	return plan
}
