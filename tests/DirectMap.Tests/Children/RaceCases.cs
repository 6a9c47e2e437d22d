namespace DirectMap.Tests.Children;

internal static class RaceCases
{
}
