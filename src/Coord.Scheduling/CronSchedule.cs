namespace Coord.Scheduling;

/// <summary>At which instants a cron unit fires. Immutable.</summary>
/// <param name="Expression">Five fields, or six with seconds first, as Cronos reads them.</param>
/// <param name="TimeZone">The IANA name of the zone in which the fields are meant; UTC if empty.</param>
/// <param name="Misfire">What becomes of instants that were missed.</param>
public sealed record CronSchedule(
    string Expression, string TimeZone = "", MisfirePolicy Misfire = MisfirePolicy.FireOnce);
