namespace Coord.SampleHost.Node;

/// <summary>Tells an exception in one line.</summary>
internal static class OneLine
{
    /// <summary>Joins the messages of an exception and its causes, each once.</summary>
    public static string Of(Exception exception)
    {
        List<string> sentences = [];
        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            string sentence = cause.Message.ReplaceLineEndings(" ").Trim();
            if (!sentences.Any(said => said.Contains(sentence, StringComparison.Ordinal)))
                sentences.Add(sentence.EndsWith('.') ? sentence : sentence + ".");
        }

        return string.Join(' ', sentences);
    }
}
