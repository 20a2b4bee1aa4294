//! National enrolment files of any size, from a seed.
