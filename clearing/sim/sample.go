package sim

import (
	"clearingd/ledger"
	"clearingd/provinces"
)

// Message is one built message and what it was built to be.
type Message struct {
	Subject string     // where it is published
	Body    []byte     // exact bytes; not always JSON, that is the point of some
	Infno   string     // as built, even where the body says otherwise
	What    string     // label: "claim", "repeat", "conflict", "bad:amount-sum" ...
	Day     ledger.Day // business day it is meant for
	Want    Want
}

// Want is what the clearing house ought to answer on fresh books, known from how the
// message was built.
type Want struct {
	Outcome provinces.Outcome
	Code    provinces.Code // set when Outcome is Refused
}

// Sample is a list of messages in the order in which they are sent. Order matters only
// within a treatment province.
type Sample struct {
	Messages []Message
	followUp []followUp
}

// Labels of messages (Message.What). Refusals are labelled "bad:" and a name; the parts of
// Xinjiang2016 carry labels of their own.
const (
	WhatClaim          = "claim"
	WhatRepeat         = "repeat"                 // the same stay and content again under another msgid
	WhatConflict       = "conflict"               // the same stay with other content
	WhatReversal       = "reversal:booked"        // 2601 of a claim that was booked
	WhatReversalBad    = "reversal:refused"       // 2601 of a claim that was refused
	WhatReversalUnseen = "reversal:unseen"        // 2601 of a claim that has not arrived
	WhatReversedBefore = "bad:reversed-before"    // the claim that arrives after its 2601
	WhatUnknown        = "bad:unknown-settlement" // 2305 of a settlement that does not exist
	WhatCancel         = "cancel"                 // 2305 of a booked claim
	WhatCancelAgain    = "cancel:repeat"          // the same 2305 again
	WhatAnew           = "claim:after-cancel"     // the corrected claim of a cancelled stay
	WhatNotLast        = "bad:not-last"           // 2305 of a stay while a later one stands
	WhatOtherPerson    = "bad:stay-mismatch"      // 2305 that names another person
	WhatTwoStays       = "claim:second-stay"      // a further stay of a person met before
)
