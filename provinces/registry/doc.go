// Package registry is the dialect of the provinces' register: the JSON documents that
// home-region agencies publish on registry.<home>.person, .filing, .card and
// .accumulation about the people they insure, and treatment-region agencies on
// registry.<treatment>.provider about the hospitals that treat in their province.
// [Dialect] turns a document's bytes into a provinces.Registration or a numbered refusal.
// It does no I/O, reads no clock and keeps no state.
//
// # Grammar of a document
//
// One JSON object in valid UTF-8 with nothing behind it, at most 1 MiB. As in the national
// envelope, member names are those of the national interface where it has the thing, are compared
// exactly, may stand once in an object, and may be unknown: unknown members are ignored.
// null and "" mean that a member was not sent. Codes, days and figures may be text or, where
// the literal looks the same, JSON numbers. Amounts follow ledger.ParseAmount.
//
//	every document   doctype docid docver [vali_flag]
//	but provider     insuplc_admdvs psn_no
//	person           insutype psn_type psn_name [psn_name_alias] [certinfo] [idetinfo]
//	                 [retr_flag] [cvlserv_flag cvlserv_lv] [clct_grde] [clct_mons]
//	                 [cont_insu_years] [zero_clm_years] [acct_used_flag] begndate [enddate]
//	filing           out_fil_type [mdtrtarea_admvs] opt_time begndate [enddate]
//	card             mdtrt_cert_type (mdtrt_cert_no | mdtrt_cert_hash)
//	                 [replaces | replaces_hash] begndate [enddate]
//	accumulation     insutype trt_year [opening] [opt_pool_pay]
//	provider         mdtrtarea_admvs fixmedins_code hosp_lv [traits] [fixmedins_name]
//	                 begndate [enddate]
//
// docs/registry-interface.md explains each member.
//
// A document with vali_flag 0 withdraws the fact; only the members of every document and
// whom it is about are read of it then.
//
// # Order of checks
//
// As in the national dialect: all of a document is read, and of everything wrong with it
// the lowest code is reported, at all places that have it (at most twenty). A refusal
// never repeats a value that may be a name or a certificate's number.
//
// # Not here
//
// Whether a version is newer than what the register has, and what a fact is worth to a
// claim: that is the clearing's.
package registry
