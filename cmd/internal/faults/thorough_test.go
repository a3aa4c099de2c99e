//go:build faults

package faults

// thorough: the long form was asked for (make faults).
const thorough = true
