namespace Coord.Process.Tests.Faults;

/// <summary>A row of the catalogue that other tests than these show.</summary>
/// <param name="Row">The row.</param>
/// <param name="Scenario">The fault.</param>
/// <param name="Test">The folder below tests, and the name of the test.</param>
internal sealed record FaultElsewhere(string Row, string Scenario, string Test)
{
    public static readonly FaultElsewhere[] All =
    [
        new("N11", "half-open TCP",
            "Coord.Transport.Tests A_half_open_connection_is_found_by_pings_even_while_heartbeats_are_sent"),
        new("N12", "reset within a frame",
            "Coord.Transport.Tests A_connection_that_ends_within_a_frame_leaves_nothing_behind"),
        new("N13", "slow loris, handshake",
            "Coord.Transport.Tests A_handshake_that_does_not_end_is_ended_by_its_deadline"),
        new("N13", "slow loris, frame", "Coord.Transport.Tests A_frame_that_trickles_in_is_ended_by_its_deadline"),
        new("N14", "never-reading peer",
            "Coord.Transport.Tests A_peer_that_never_reads_costs_its_bound_and_is_given_up"),
        new("N15", "oversized frame",
            "Coord.Transport.Tests A_frame_above_the_limit_closes_the_connection_before_its_payload_is_sent"),
        new("N17", "other protocol versions",
            "Coord.Transport.Tests A_peer_that_speaks_later_versions_too_is_let_in_with_a_common_one"),
        new("N19", "replayed frames",
            "Coord.Transport.Tests A_frame_recorded_from_another_connection_closes_the_connection"),
        new("C24", "silent connections",
            "Coord.Transport.Tests The_oldest_of_too_many_handshakes_makes_room_for_an_honest_peer"),
    ];
}
