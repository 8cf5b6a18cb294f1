-- What is desired follows from the flags and the configuration, each of which keeps its own history.
drop table desired_states;
